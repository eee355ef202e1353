/** A call of a store, as layers talk about it. Flush, space and grow have position and length 0; extentAt has length 0. */
export interface StoreOperation {
  readonly kind: 'read' | 'write' | 'flush' | 'unmap' | 'writeZeroes' | 'extentAt' | 'space' | 'grow';
  readonly position: number;
  readonly length: number;
}
