import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import {
  type Certificates,
  type ClientCertificate,
  makeCertificates,
} from '../../../../test/support/certificates.ts'
import { hasSecrets, withFilesRead } from '../../access/certificates.ts'

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

  it('given paths or texts, then both give the same', () => {
    const texts = { ca: made.ca, cert: client.cert, key: client.key }
    assert.deepEqual(read({ ca: made.caFile, cert: client.certFile, key: client.keyFile }), texts)
    assert.deepEqual(read(texts), texts)
  })

  it('given a text whose line ends are escaped, as in a variable, then it is read', () => {
    assert.deepEqual(read({ ca: made.ca.replaceAll('\n', '\\n') }), { ca: made.ca })
  })

  it('given the ARN of a secret, then it is left for later', () => {
    const arn = 'arn:aws:secretsmanager:eu-west-1:000000000000:secret:ca'
    assert.deepEqual(read({ ca: arn }), { ca: arn })
    assert.deepEqual(
      [hasSecrets({ ca: arn }), hasSecrets({ secret: 'x' }), hasSecrets({ ca: made.ca })],
      [true, true, false],
    )
  })

  it('given a file that is missing or something else, then it is named', () => {
    rejects(
      { ca: '/nowhere/ca.pem' },
      /^ssl\.ca: \/nowhere\/ca\.pem cannot be read \(ENOENT\): it must be a file/,
    )
    rejects({ ca: import.meta.filename.replace(/\.ts$/, '') }, /^ssl\.ca: .* cannot be read/)
    rejects(
      { ca: new URL('../../package.json', import.meta.url).pathname },
      /^ssl\.ca: the file is not in PEM form/,
    )
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
    rejects({ ca: '-----BEGIN CERTIFICATE-----\nnonsense' }, /^ssl cannot be used: /)
  })
})
