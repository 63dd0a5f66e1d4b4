import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { readSettings } from '../../config/settings.ts'
import { refusals } from './refusals.ts'

const read = (security: Record<string, unknown>) => readSettings({ brokers: 'a:1', ...security }, {})
const SECRET = 'arn:aws:secretsmanager:eu-west-1:000000000000:secret:kafka'

describe('settings for secured clusters and registries', () => {
  it('given nothing, then connections are in plain text, without credentials', () => {
    const { ssl, sasl, registryAuth, registrySsl } = read({})
    assert.deepEqual([ssl, sasl, registryAuth, registrySsl], [false, undefined, undefined, undefined])
  })

  it('given ssl, then it is a switch or a map of certificates', () => {
    assert.equal(read({ ssl: true }).ssl, true)
    const ssl = { ca: 'ca.pem', cert: 'c.pem', key: 'k.pem', passphrase: 'p', rejectUnauthorized: false }
    assert.deepEqual(read({ ssl }).ssl, ssl)
    assert.deepEqual(read({ ssl: { ca: SECRET, secret: SECRET, cert: null } }).ssl, {
      ca: SECRET,
      secret: SECRET,
    })
  })

  it('given sasl, then every mechanism has its settings, also in the spelling of Java', () => {
    const login = { username: 'me', password: 'pw' }
    assert.deepEqual(read({ sasl: { mechanism: 'plain', ...login } }).sasl, { mechanism: 'plain', ...login })
    assert.deepEqual(read({ sasl: { mechanism: 'SCRAM-SHA-512', secret: SECRET } }).sasl, {
      mechanism: 'scram-sha-512',
      secret: SECRET,
    })
    const oauth = {
      tokenEndpoint: 'https://login.example/token',
      clientId: 'c',
      clientSecret: 's',
      scope: 'kafka',
    }
    const extensions = { logicalCluster: 'lkc-1' }
    assert.deepEqual(read({ sasl: { mechanism: 'OAUTHBEARER', ...oauth, extensions } }).sasl, {
      mechanism: 'oauthbearer',
      ...oauth,
      extensions,
    })
    assert.deepEqual(read({ sasl: { mechanism: 'oauthbearer', token: 't' } }).sasl, {
      mechanism: 'oauthbearer',
      token: 't',
    })
  })

  it('given IAM, then connections are encrypted without a further setting', () => {
    const { ssl, sasl } = read({ sasl: { mechanism: 'AWS_MSK_IAM', region: 'eu-west-1' } })
    assert.deepEqual([ssl, sasl], [true, { mechanism: 'aws-msk-iam', region: 'eu-west-1' }])
  })

  it('given a registry, then it has a login and certificates of its own', () => {
    const registryAuth = { username: 'me', password: 'pw' }
    assert.deepEqual(read({ registryAuth }).registryAuth, registryAuth)
    assert.deepEqual(read({ registrySsl: { ca: 'ca.pem' } }).registrySsl, { ca: 'ca.pem' })
  })

  const login = 'username: me, password: pw-1'
  const mechanisms = 'plain, scram-sha-256, scram-sha-512, oauthbearer, aws-msk-iam'
  const refused = refusals(`
    sasl: { mechanism: plain, username: me, password: 123456 } → sasl.password must be a string, not a number: put it in quotes
    sasl: { mechanism: plain, username: me, password: '' } → sasl.password must be a string, not an empty string
    sasl: { mechanism: plain, username: me } → sasl must have username and password, or else secret
    sasl: { mechanism: plain, ${login}, secret: '${SECRET}' } → sasl must have username and password, or else secret
    sasl: { ${login} } → sasl.mechanism must be one of ${mechanisms}, not nothing
    sasl: { mechanism: scram, ${login} } → sasl.mechanism must be one of ${mechanisms}, not "scram"
    sasl: { mechanism: aws-msk-iam, password: pw-1 } → sasl.password is not a setting; known are: mechanism, region
    sasl: 'plain:me:pw-1' → sasl must be a map, not a string
    ssl: pw-1 → ssl must be a map, not a string
    registryAuth: [me, pw-1] → registryAuth must be a map, not a list
    ssl: { cert: c.pem } → ssl.key must be the key of cert
    ssl: { key: pw-1 } → ssl.cert must be the certificate of key
    ssl: { cert: c.pem, key: k.pem, secret: '${SECRET}' } → ssl.secret must not be set together with cert and key
    sasl: { mechanism: oauthbearer, token: pw-1, tokenEndpoint: 'https://a.b' } → sasl must have token, or else tokenEndpoint with clientId and clientSecret, or with secret
    sasl: { mechanism: oauthbearer, tokenEndpoint: 'me:pw-1@a.b', clientId: c, clientSecret: s } → sasl.tokenEndpoint must be an address like https://login.example/oauth2/token, not a string
    ssl: false, sasl: { mechanism: aws-msk-iam } → ssl must not be false: a listener with IAM is always encrypted
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
    const value = fc.oneof(
      fc.constantFrom<unknown>(
        marker,
        [marker],
        { a: marker },
        `${marker}\n`,
        ` ${marker}`,
        true,
        7,
        null,
        '',
      ),
      fc.constantFrom<unknown>('me', 'https://a.b', `https://me:${marker}@a.b`, SECRET),
    )
    const names = [
      'username',
      'password',
      'secret',
      'token',
      'tokenEndpoint',
      'clientId',
      'clientSecret',
      'scope',
    ]
    const tls = ['ca', 'cert', 'key', 'passphrase', 'servername', 'rejectUnauthorized', 'secret']
    const map = (keys: readonly string[]) =>
      fc.dictionary(fc.constantFrom(...keys, 'extensions', 'unknown'), value, { maxKeys: 4 })
    const mechanism = fc.constantFrom('plain', 'scram-sha-512', 'oauthbearer', 'aws-msk-iam', 'other')
    const sasl = fc.oneof(
      value,
      fc.tuple(mechanism, map(names)).map(([one, more]) => ({ mechanism: one, ...more })),
    )
    const all = fc.record(
      {
        sasl,
        ssl: fc.oneof(value, map(tls)),
        registryAuth: fc.oneof(value, map(names)),
        registrySsl: fc.oneof(value, map(tls)),
      },
      { requiredKeys: [] },
    )
    let refusals = 0
    fc.assert(
      fc.property(all, security => {
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
