import { useState } from 'react';
import type { Difference, Version } from 'rejoin';
import { useRoom, useStore } from 'rejoin/react';

/** A version that is looked at: its note, and what is different now. */
export interface Seen {
  readonly version: Version;
  readonly note: string;
  readonly differences: readonly Difference[];
}

/** The versions of this room, and what can be done with them. */
export interface History {
  readonly versions: readonly Version[];
  readonly seen: Seen | null;
  /** What went wrong last, for people. */
  readonly trouble: string | null;
  readonly keep: (name: string) => void;
  readonly look: (version: Version | null) => void;
  readonly restore: (version: Version) => void;
  readonly remove: (version: Version) => void;
}

/** The history of this room's document. */
export function useVersions(): History {
  const { versions } = useRoom();
  const list = useStore(versions.list);
  const [seen, setSeen] = useState<Seen | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const attempt = (action: Promise<unknown>): void => {
    setTrouble(null);
    action.catch((error: unknown) => setTrouble(error instanceof Error ? error.message : String(error)));
  };
  const see = async (version: Version): Promise<void> => {
    const [doc, differences] = await Promise.all([versions.view(version.id), versions.diff(version.id)]);
    setSeen({ version, note: doc.note ?? '', differences });
  };
  return {
    versions: list,
    seen,
    trouble,
    keep: (name) => attempt(versions.save(name)),
    look: (version) => (version ? attempt(see(version)) : setSeen(null)),
    restore: (version) => attempt(versions.restore(version.id).then(() => see(version))),
    remove: (version) => {
      setSeen(null);
      attempt(versions.remove(version.id));
    },
  };
}
