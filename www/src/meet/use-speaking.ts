import { useEffect, useState } from 'react';
import { hear } from './loudness';

/** Whether somebody speaks into this track. */
export function useSpeaking(track: MediaStreamTrack | null): boolean {
  const [speaking, setSpeaking] = useState(false);
  useEffect(() => {
    if (!track) return undefined;
    const stop = hear(track, setSpeaking);
    return () => {
      stop();
      setSpeaking(false);
    };
  }, [track]);
  return speaking;
}
