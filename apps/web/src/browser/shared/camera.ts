/** Why there is no picture. `insecure`: browsers give no camera to pages that came over plain HTTP. */
export type CameraTrouble = 'insecure' | 'denied' | 'missing' | 'busy' | 'lost';

export type Facing = 'user' | 'environment';

export interface Camera {
  /** Shows the camera in the video element; resolves with what went wrong, or undefined. */
  open(facing: Facing): Promise<CameraTrouble | undefined>;
  /** Stops it, and with it its light. */
  close(): void;
}

/** @param onLost the camera was running and is no longer there */
export function createCamera(video: HTMLVideoElement, onLost: () => void): Camera {
  let stream: MediaStream | undefined;
  let turn = 0;

  function close(): void {
    turn++;
    for (const track of stream?.getTracks() ?? []) track.stop();
    stream = undefined;
    video.srcObject = null;
  }

  return {
    close,
    async open(facing) {
      close();
      if (!navigator.mediaDevices?.getUserMedia) return 'insecure';
      const own = turn;
      try {
        const opened = await navigator.mediaDevices.getUserMedia({
          audio: false,
          video: { facingMode: facing, width: { ideal: 1280 }, height: { ideal: 960 } },
        });
        // Closed or opened anew while the browser asked for permission.
        if (own !== turn) {
          for (const track of opened.getTracks()) track.stop();
          return undefined;
        }
        stream = opened;
        for (const track of opened.getVideoTracks()) track.addEventListener('ended', () => own === turn && onLost());
        video.srcObject = opened;
        await video.play().catch(() => undefined);
        return undefined;
      } catch (error) {
        return troubleOf(error);
      }
    },
  };
}

export function troubleOf(error: unknown): CameraTrouble {
  const name = error instanceof Error || error instanceof DOMException ? error.name : '';
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'denied';
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'missing';
  return 'busy';
}
