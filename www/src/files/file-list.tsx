import type { ReactElement } from 'react';
import { FileCard } from './file-card';
import type { Files } from './use-files';
import './files.css';

/** Files on their way, and those that came. */
export function FileList({ files: { transfers, trouble, send } }: { files: Files }): ReactElement {
  const choose = (input: HTMLInputElement): void => {
    send([...(input.files ?? [])]);
    // So that the same file can be chosen again.
    input.value = '';
  };
  return (
    <section className="sheet files" aria-labelledby="files-title">
      <div className="sheet-head">
        <h2 id="files-title">Files</h2>
        <label className="quiet file-choice">
          Choose files
          <input type="file" multiple className="visually-hidden" onChange={(event) => choose(event.target)} />
        </label>
      </div>
      <p className="sheet-note">
        Drop files anywhere here: they go to everybody who is linked, from window to window. The server never sees them.
      </p>
      {trouble && (
        <p className="trouble" role="alert">
          {trouble}
        </p>
      )}
      <ul className="file-cards">
        {transfers.map((transfer) => (
          <FileCard key={transfer.id} transfer={transfer} />
        ))}
      </ul>
    </section>
  );
}
