import type { ReactElement } from 'react';
import type { LocalTrack } from 'rejoin';
import type { Meeting } from './use-meeting';

/** What this window shows and says. */
export function MeetingTools({ meeting }: { meeting: Meeting }): ReactElement {
  const { local, busy, toggle, share, leave } = meeting;
  return (
    <div className="meeting-tools">
      <button type="button" disabled={busy} onClick={() => toggle('mic')}>
        {isOn(local.mic) ? 'Mute microphone' : 'Turn microphone on'}
      </button>
      <button type="button" disabled={busy} onClick={() => toggle('camera')}>
        {isOn(local.camera) ? 'Stop camera' : 'Start camera'}
      </button>
      <button type="button" disabled={busy} onClick={share}>
        {local.screen ? 'Stop sharing' : 'Share screen'}
      </button>
      <button type="button" className="leave" onClick={leave}>
        Leave
      </button>
    </div>
  );
}

function isOn(track: LocalTrack | null): boolean {
  return track !== null && !track.muted;
}
