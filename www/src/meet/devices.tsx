import type { ReactElement } from 'react';
import { useDevices } from 'rejoin/react';
import type { Meeting } from './use-meeting';

/** Chooses among the devices of this machine; it goes on without a gap. */
export function Devices({ meeting: { local, setDevice } }: { meeting: Meeting }): ReactElement {
  const { cameras, mics, speakers } = useDevices();
  return (
    <details className="devices">
      <summary>Devices</summary>
      <div className="device-fields">
        <DeviceField
          name="Camera"
          devices={cameras}
          current={local.camera?.deviceId ?? null}
          disabled={!local.camera}
          onChoose={(id) => setDevice('camera', id)}
        />
        <DeviceField
          name="Microphone"
          devices={mics}
          current={local.mic?.deviceId ?? null}
          disabled={!local.mic}
          onChoose={(id) => setDevice('mic', id)}
        />
        <DeviceField name="Speaker" devices={speakers} onChoose={(id) => setDevice('speaker', id)} />
      </div>
    </details>
  );
}

interface DeviceFieldProps {
  readonly name: string;
  readonly devices: readonly MediaDeviceInfo[];
  /** The one in use, if that is known; else the field keeps what was chosen. */
  readonly current?: string | null;
  readonly disabled?: boolean;
  readonly onChoose: (id: string) => void;
}

function DeviceField({ name, devices, current, disabled = false, onChoose }: DeviceFieldProps): ReactElement {
  const controlled = current === undefined ? {} : { value: current ?? '' };
  return (
    <label>
      {name}
      <select
        {...controlled}
        disabled={disabled || devices.length === 0}
        onChange={(event) => onChoose(event.target.value)}
      >
        {devices.map(({ deviceId, label }, index) => (
          <option key={deviceId} value={deviceId}>
            {label || `${name} ${index + 1}`}
          </option>
        ))}
      </select>
    </label>
  );
}
