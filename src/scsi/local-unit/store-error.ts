import type { Errno } from '../../env/disk.ts';
import { type Sense, sense } from '../../wire/scsi/sense.ts';

/** What a store's errno becomes for the initiator. The one place where that is decided. */
export function senseOfErrno(errno: Errno, during: 'read' | 'write'): Sense {
  switch (errno) {
    case 'ENOSPC':
    case 'EDQUOT':
      return sense.spaceAllocationFailed();
    case 'EROFS':
    case 'EPERM':
    case 'EACCES':
      return sense.writeProtected();
    case 'EIO':
      return during === 'read' ? sense.unrecoveredReadError() : sense.writeError();
    default:
      return sense.internalTargetFailure();
  }
}
