import { type ReactElement, useEffect, useState } from 'react';
import type { FileTransfer } from 'rejoin';
import { useRoom, useStore } from 'rejoin/react';
import { usePeerUsers } from '../people/use-peer-users';
import { nameInWords, sizeInWords, statusInWords } from './words';

/** One file on its way, or here. */
export function FileCard({ transfer }: { transfer: FileTransfer }): ReactElement {
  const { direction, size, status, transferred, error } = transfer;
  const name = nameInWords(transfer.name);
  const moving = status === 'transferring' || status === 'waiting';
  return (
    <li className="file-card" data-status={status} data-direction={direction} data-testid="file">
      <FilePicture transfer={transfer} />
      <p className="file-name">{name}</p>
      <p className="file-facts">
        {sizeInWords(size)} {direction === 'incoming' ? 'from' : 'to'} <PeerName id={transfer.peer} />
      </p>
      {moving && <progress value={transferred} max={Math.max(size, 1)} aria-label={`Progress of ${name}`} />}
      <p className="file-status" role={status === 'failed' ? 'alert' : undefined}>
        {error?.message ?? statusInWords(transfer)}
      </p>
      <FileTools transfer={transfer} />
    </li>
  );
}

function FileTools({ transfer }: { transfer: FileTransfer }): ReactElement | null {
  const { direction, status, accept, reject, cancel } = transfer;
  const name = nameInWords(transfer.name);
  const asked = direction === 'incoming' && status === 'offered';
  const open = status === 'offered' || status === 'transferring' || status === 'waiting';
  if (!open) return null;
  return (
    <p className="file-tools">
      {asked && (
        // The card tells what became of it.
        <button type="button" className="quiet" aria-label={`Take ${name}`} onClick={() => accept().catch(() => {})}>
          Take it
        </button>
      )}
      <button type="button" className="quiet" aria-label={`Stop ${name}`} onClick={asked ? reject : cancel}>
        {asked ? 'No' : 'Stop'}
      </button>
    </p>
  );
}

/** What came: a picture as such, anything else as a link that saves it. */
function FilePicture({ transfer }: { transfer: FileTransfer }): ReactElement | null {
  const { file } = transfer;
  const name = nameInWords(transfer.name);
  const url = useObjectUrl(file);
  if (!file || !url) return null;
  return (
    <a className="file-link" href={url} download={name}>
      {file.type.startsWith('image/') ? <img src={url} alt={name} /> : <span>Save {name}</span>}
    </a>
  );
}

function PeerName({ id }: { id: number }): ReactElement {
  const userOf = usePeerUsers();
  const peers = useStore(useRoom().peers);
  return <>{userOf(peers.find((peer) => peer.id === id)).name}</>;
}

function useObjectUrl(file: File | null): string | null {
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    if (!file) return undefined;
    const made = URL.createObjectURL(file);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [file]);
  return url;
}
