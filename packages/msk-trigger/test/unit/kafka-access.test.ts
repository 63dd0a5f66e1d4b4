import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Certificates, type ClientCertificate, makeCertificates } from '@sluice/test-kit/certificates'
import { accessProblem, withFilesRead } from '../../access/kafka-access.ts'
import { isUnreachable, rootMessage } from '../../report/explain-error.ts'

describe('certificates in the settings', () => {
  let made: Certificates
  let client: ClientCertificate
  before(async () => {
    made = await makeCertificates()
    client = await made.client('a client')
  })
  after(() => made?.remove())

  const read = (settings: Parameters<typeof withFilesRead>[0]) => withFilesRead(settings, 'ssl')
  const rejects = (settings: Parameters<typeof withFilesRead>[0], message: RegExp) =>
    assert.throws(() => read(settings), { name: 'ConfigurationError', message })

  it('given paths or texts, also with escaped line ends or spaces, then all give the same', () => {
    const texts = { ca: made.ca, cert: client.cert, key: client.key }
    assert.deepEqual(read({ ca: made.caFile, cert: client.certFile, key: client.keyFile }), texts)
    for (const lineEnd of ['\\n', ' ', '\r\n'])
      assert.deepEqual(read({ ...texts, ca: made.ca.replaceAll('\n', lineEnd) }), texts)
  })

  it('given a file that is missing or something else, then it is named', () => {
    rejects({ ca: '/nowhere/ca.pem' }, /^ssl\.ca: \/nowhere\/ca\.pem cannot be read \(ENOENT\): it must be/)
    const file = new URL('../../package.json', import.meta.url).pathname
    rejects({ ca: file }, /^ssl\.ca: \/.*package\.json is not in PEM form/)
  })

  it('given a key in place of its path, then the error does not contain it', () => {
    const body = client.key.split('\n').slice(1).join('\n')
    assert.throws(
      () => read({ cert: client.cert, key: body }),
      ({ message }: Error) =>
        message.startsWith('ssl.key: this cannot be read') && !message.includes(body.slice(0, 20)),
    )
  })

  it('given a key of another certificate, or one that is damaged, then the start ends with one line', () => {
    rejects({ cert: client.cert, key: made.key }, /^ssl cannot be used: .*key values mismatch/)
    rejects(
      { ca: '-----BEGIN CERTIFICATE-----\nnonsense' },
      /^ssl\.ca: the text has no -----END CERTIFICATE-----/,
    )
    rejects(
      { cert: client.keyFile, key: client.certFile },
      /^ssl\.cert: .*client(-\d+)?\.key must contain a certificate, but contains: PRIVATE KEY/,
    )
  })
})

describe('an error of a client', () => {
  const named = (name: string, message: string, more = {}) =>
    Object.assign(new Error(message), { name, ...more })

  it('given a refusal inside other errors, then it is reported in one sentence', () => {
    const refusal = named('KafkaJSProtocolError', 'x', { type: 'ILLEGAL_SASL_STATE' })
    const outer = named('KafkaJSNumberOfRetriesExceeded', 'y', { cause: refusal })
    assert.equal(
      rootMessage(outer),
      'the listener does not accept credentials: remove custom.mskTrigger.sasl',
    )
    assert.equal(isUnreachable(outer), false)
  })

  it('given a connection that is lost while a client signs in, then the broker is unreachable', () => {
    const lost = named(
      'KafkaJSSASLAuthenticationError',
      'SASL PLAIN authentication failed: Closed connection',
    )
    assert.equal(accessProblem(lost), undefined)
    assert.equal(isUnreachable(named('KafkaJSNumberOfRetriesExceeded', 'y', { cause: lost })), true)
  })

  it('given an error that is not of kafkajs, then its own message counts, not its cause', () => {
    const error = new Error('the schema registry does not answer at http://a', {
      cause: new Error('fetch failed'),
    })
    assert.equal(rootMessage(error), 'the schema registry does not answer at http://a')
    assert.equal(
      rootMessage(named('KafkaJSNonRetriableError', 'outer', { cause: new Error('inner') })),
      'inner',
    )
  })
})
