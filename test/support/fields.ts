import assert from 'node:assert/strict';
import { type Runtime, Session } from 'node:inspector';

/** Where the inspector finds the object. */
const place = globalThis as { lookedAt?: object };

type Found = Runtime.GetPropertiesReturnType & {
  /** Of a newer protocol than the types. */
  readonly privateProperties?: Runtime.PropertyDescriptor[];
};

/**
 * What stands in the fields of an object, private ones too, as the inspector tells of it: the value, or the class. By name; those that two
 * of its classes have in common are numbered.
 */
function fieldsOf(object: object): Map<string, string> {
  place.lookedAt = object;
  const session = new Session();
  session.connect();
  const fields = new Map<string, string>();
  session.post('Runtime.evaluate', { expression: 'globalThis.lookedAt' }, (_error, { result }) => {
    const which = { objectId: result.objectId ?? '', ownProperties: true };
    session.post('Runtime.getProperties', which, (_, found: Found) => {
      for (const { name, value } of [...found.result, ...(found.privateProperties ?? [])]) {
        if (value === undefined) continue;
        const key = fields.has(name) ? `${name} ${fields.size}` : name;
        fields.set(key, `${value.description ?? value.value}`);
      }
    });
  });
  session.disconnect();
  delete place.lookedAt;
  return fields;
}

/** Which fields of an object become something else in its lives, and whether all are as they were when it begins again. */
export class FieldWatch {
  readonly #fresh: ReadonlyMap<string, string>;
  readonly #changed = new Set<string>();

  /** `fresh`: one that has just been made, and has begun. */
  constructor(fresh: object) {
    this.#fresh = fieldsOf(fresh);
  }

  look(object: object): void {
    for (const [name, value] of fieldsOf(object))
      if (this.#fresh.get(name) !== value) this.#changed.add(name);
  }

  /** It has begun again, as the fresh one had. */
  assertFresh(object: object): void {
    assert.deepEqual(fieldsOf(object), this.#fresh);
  }

  /** All have been seen to change but these, or the lives that were watched prove little. */
  assertAllChangedBut(...constant: readonly string[]): void {
    const same = [...this.#fresh.keys()].filter((name) => !this.#changed.has(name));
    assert.deepEqual(same.toSorted(), constant.toSorted());
  }
}
