import { describePauses } from './pauses.ts';

// Longer than a link may be silent. For half a minute: npm run scenarios.
describePauses(3_000);
