import type { ReactElement } from 'react';
import { useRoom, useStore } from 'rejoin/react';
import { Devices } from './devices';
import { Lobby } from './lobby';
import { MeetingTools } from './meeting-tools';
import { Stage } from './stage';
import { useMeeting } from './use-meeting';
import './meet.css';

/** Cameras, microphones and screens, from each window to each other. */
export function VideoRoom(): ReactElement {
  const meeting = useMeeting();
  const { joined, trouble, local } = meeting;
  return (
    <section className="sheet meet" aria-labelledby="meet-title">
      <h2 id="meet-title">Video room</h2>
      {trouble && (
        <p className="trouble" role="alert">
          {trouble}
        </p>
      )}
      {joined ? (
        <>
          <PlaybackPrompt />
          <Stage local={local} />
          <MeetingTools meeting={meeting} />
          <Devices meeting={meeting} />
        </>
      ) : (
        <Lobby meeting={meeting} />
      )}
    </section>
  );
}

/** Browsers play no sound before the page was touched. */
function PlaybackPrompt(): ReactElement | null {
  const { media } = useRoom();
  if (!useStore(media.playbackBlocked)) return null;
  return (
    <p className="trouble" role="alert">
      Your browser holds the sound back.{' '}
      <button type="button" className="main-tool" onClick={() => media.resume()}>
        Play it
      </button>
    </p>
  );
}
