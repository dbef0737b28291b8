'use client';

export { useDoc, useText } from './react/suspending.js';
export * from './react.js';
