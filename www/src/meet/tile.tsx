import type { CSSProperties, ReactElement } from 'react';
import type { LocalTrack, RemoteTrack } from 'rejoin';
import { inkOn } from '../color';
import { initials } from '../people/avatar';
import type { User } from '../user';
import { useSpeaking } from './use-speaking';

type Track = LocalTrack | RemoteTrack;

interface PersonTileProps {
  readonly user: User;
  readonly camera: Track | null;
  readonly mic: Track | null;
  /** Whether it is this window: seen as in a mirror, not heard. */
  readonly own: boolean;
  /** How the link does, in words. */
  readonly link: string;
}

/** Somebody in the video room. */
export function PersonTile({ user, camera, mic, own, link }: PersonTileProps): ReactElement {
  const muted = mic?.muted ?? true;
  const speaking = useSpeaking(muted ? null : (mic?.track ?? null));
  const seen = camera !== null && !camera.muted;
  const style = { '--who': user.color, '--letters': inkOn(user.color) } as CSSProperties;
  const name = own ? 'You' : user.name;
  return (
    <li className="tile-video" data-own={own} data-speaking={speaking} data-testid="tile" style={style}>
      {seen ? (
        <Picture track={camera} label={`Camera of ${name}`} />
      ) : (
        <span className="face" aria-hidden="true">
          {initials(user.name)}
        </span>
      )}
      {!own && mic && <Sound track={mic} />}
      <p className="plate">
        <strong>{name}</strong>
        <span>{speaking ? 'speaking' : muted ? 'muted' : 'listening'}</span>
        {!seen && <span>camera off</span>}
        {link && <span className="plate-link">{link}</span>}
      </p>
    </li>
  );
}

/** A screen that somebody shares. */
export function ScreenTile({ name, track }: { name: string; track: Track }): ReactElement {
  return (
    <li className="tile-video tile-screen" data-testid="screen">
      <Picture track={track} label={`Screen of ${name}`} />
      <p className="plate">
        <strong>{name === 'You' ? 'Your screen' : `Screen of ${name}`}</strong>
      </p>
    </li>
  );
}

/** The picture of a track: the package starts and stops it. */
function Picture({ track, label }: { track: Track; label: string }): ReactElement {
  return <video ref={track.attach} aria-label={label} playsInline muted />;
}

function Sound({ track }: { track: Track }): ReactElement {
  // biome-ignore lint/a11y/useMediaCaption: nobody writes down what is said live
  return <audio ref={track.attach} />;
}
