/** What an app says to all rooms of a client at once. `clear`: what is kept of them goes, and with it the user; or only what is kept of one. */
export type Wish = 'connect' | 'disconnect' | 'clear';
