import { type DragEvent, type ReactElement, type ReactNode, useState } from 'react';

interface DropZoneProps {
  readonly onDrop: (files: readonly File[]) => void;
  readonly children: ReactNode;
}

/** Takes files that are dropped on anything in it. */
export function DropZone({ onDrop, children }: DropZoneProps): ReactElement {
  const [over, setOver] = useState(false);
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    onDrop([...event.dataTransfer.files]);
  };
  const dragOver = (event: DragEvent): void => {
    // Without it the browser would open the file instead of the page.
    event.preventDefault();
    setOver(true);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: files can be chosen with a button too
    <div className="drop-zone" data-over={over} onDrop={drop} onDragOver={dragOver} onDragLeave={() => setOver(false)}>
      {children}
    </div>
  );
}
