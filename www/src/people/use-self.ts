import { useMyPresence } from 'rejoin/react';
import { loadPerson } from '../person';
import type { User } from '../user';

/** Who this window is, as the others see it. */
export function useSelf(): User {
  return useMyPresence()[0]?.user ?? loadPerson();
}
