import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { errnoOf, listenError, pathError } from '../../src/daemon/user-error.ts';

const failed = (code: string) => Object.assign(new Error('it failed'), { code });

test('an error that cannot be listened on says what to do', () => {
  assert.equal(
    listenError('port "a"', '127.0.0.1:3260', failed('EADDRINUSE')).message,
    'port "a" cannot listen on 127.0.0.1:3260: another process listens there: stop it, or write another port in the configuration (EADDRINUSE)',
  );
});

test('an error without advice keeps its own words', () => {
  assert.equal(pathError('cannot open', '/x', failed('EIO')).message, 'cannot open /x: it failed (EIO)');
  assert.equal(pathError('cannot open', '/x', 'odd').message, 'cannot open /x: odd (unknown)');
  assert.equal(errnoOf(new Error('none')), 'unknown');
});
