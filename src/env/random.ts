/** A source of unpredictable bytes (a seeded one in the simulator). */
export interface Random {
  bytes(length: number): Uint8Array;
}
