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
export function fieldsOf(object: object): Map<string, string> {
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
