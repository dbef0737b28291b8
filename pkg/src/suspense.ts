'use client';

export { useDoc, useMutation, useMyPresence, useOther, useRoom, useText, useTextInput } from './react/suspending.js';
export * from './react.js';
