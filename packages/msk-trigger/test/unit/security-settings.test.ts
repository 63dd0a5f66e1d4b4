import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { readSettings } from '../../config/settings.ts'
import { refusals } from './refusals.ts'

const read = (security: Record<string, unknown>) => readSettings({ brokers: 'a:1', ...security }, {})

describe('settings for secured clusters', () => {
  it('given ssl, then it is a switch or a map of certificates', () => {
    assert.equal(read({ ssl: true }).ssl, true)
    const ssl = { ca: 'ca.pem', cert: 'c.pem', key: 'k.pem', passphrase: 'p', servername: 'b' }
    assert.deepEqual(read({ ssl }).ssl, ssl)
  })

  it('given sasl, then it has a mechanism, a user and a password', () => {
    const sasl = { mechanism: 'scram-sha-512', username: 'me', password: 'pw' }
    assert.deepEqual(read({ sasl }).sasl, sasl)
  })

  const login = 'username: me, password: pw-1'
  const mechanisms = 'plain, scram-sha-256, scram-sha-512'
  const refused = refusals(`
    sasl: { mechanism: plain, username: me, password: 123456 } → sasl.password must be a string, not a number: put it in quotes
    sasl: { mechanism: plain, username: me, password: '' } → sasl.password must be a string, not an empty string
    sasl: { mechanism: plain, username: me } → sasl.password must be a string, not nothing
    sasl: { ${login} } → sasl.mechanism must be one of ${mechanisms}, not nothing
    sasl: { mechanism: scram, ${login} } → sasl.mechanism must be one of ${mechanisms}, not "scram"
    sasl: 'plain:me:pw-1' → sasl must be a map, not a string
    ssl: pw-1 → ssl must be a map, not a string
    ssl: { cert: c.pem } → ssl.cert must be set together with key
    ssl: { key: pw-1 } → ssl.cert must be set together with key
    brokers: 'me:pw-1@a:1' → brokers must be a list of host:port, not "***@a:1"
    schemaRegistry: 'ftp://me:pw-1@a' → schemaRegistry must be an address like http://127.0.0.1:8081, not "ftp://***@a"
  `)
  for (const [row, security, message] of refused)
    it(`given ${row}, then one line says so, and nothing more`, () => {
      const whole = new RegExp(`^custom\\.mskTrigger\\.${message.source}$`)
      assert.throws(() => read(security), { name: 'ConfigurationError', message: whole })
    })

  it('given a list in place of all settings, then the message contains no part of it', () => {
    assert.throws(() => readSettings([{ sasl: { password: 'pw-1' } }], {}), {
      message: 'custom.mskTrigger must be a map, not a list',
    })
  })

  it('given a secret anywhere, then no message holds it', () => {
    const marker = 'S3cr3t-Marker'
    const value = fc.constantFrom<unknown>(
      marker,
      [marker],
      { a: marker },
      `${marker}\n`,
      ` ${marker}`,
      true,
      7,
      null,
      '',
      'me',
      `https://me:${marker}@a.b`,
    )
    const map = (keys: readonly string[]) =>
      fc.dictionary(fc.constantFrom(...keys, 'unknown'), value, { maxKeys: 4 })
    const mechanism = fc.constantFrom('plain', 'scram-sha-512', 'other')
    const sasl = fc.oneof(
      value,
      fc.tuple(mechanism, map(['username', 'password'])).map(([one, more]) => ({ mechanism: one, ...more })),
    )
    const ssl = fc.oneof(value, map(['ca', 'cert', 'key', 'passphrase', 'servername']))
    let refusals = 0
    fc.assert(
      fc.property(fc.record({ sasl, ssl }, { requiredKeys: [] }), security => {
        try {
          read(security)
        } catch (error) {
          refusals += 1
          assert.ok(!(error as Error).message.includes(marker), (error as Error).message)
        }
      }),
      { numRuns: 500 },
    )
    assert.ok(refusals > 100, `${refusals} refusals`)
  })
})
