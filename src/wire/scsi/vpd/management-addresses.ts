/** Management Network Addresses, 85h (SPC-4 7.8.8). */
import { newVpdPage, VpdPage } from './page.ts';

/**
 * No address: the admin API asks nobody who he is, and so belongs on loopback or on a network of its own, which initiators do not
 * reach (docs/configuration.md).
 */
export function encodeManagementAddresses(): Uint8Array {
  return newVpdPage(VpdPage.managementAddresses, 0);
}
