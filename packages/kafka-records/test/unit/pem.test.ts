import assert from 'node:assert/strict'
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { readPem } from '@sluice/kafka-records/pem'
import { type Certificates, makeCertificates } from '@sluice/test-kit/certificates'

let made: Certificates
before(async () => {
  made = await makeCertificates()
})
after(() => made?.remove())

const FORMS: Readonly<Record<string, (pem: string) => string>> = {
  'escaped line ends': pem => pem.replaceAll('\n', '\\n'),
  'line ends that are escaped twice': pem => pem.replaceAll('\n', '\\\\r\\\\n'),
  'one line with spaces': pem => pem.replaceAll('\n', ' '),
  'line ends of Windows': pem => pem.replaceAll('\n', '\r\n'),
  'text around it, and quotes': pem => `subject=a\n"${pem}"\n`,
}

describe('a text in PEM form', () => {
  for (const [form, change] of Object.entries(FORMS))
    it(`given ${form}, then each certificate and key is read`, () => {
      const { publicKey, privateKey } = generateKeyPairSync('rsa', {
        modulusLength: 2048,
        publicKeyEncoding: { type: 'spki', format: 'pem' },
        privateKeyEncoding: { type: 'pkcs1', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'a secret' },
      })
      assert.equal(readPem(change(made.cert + made.ca), 'certificate'), made.cert + made.ca)
      assert.equal(readPem(change(made.cert + made.key), 'private key'), made.key)
      const key = readPem(change(publicKey + privateKey), 'private key', 'a secret')
      assert.ok(createPrivateKey({ key, passphrase: 'a secret' }))
      assert.ok(new X509Certificate(readPem(change(made.cert), 'certificate')))
    })

  const garble = (pem: string) => pem.replace('\nMII', '\nMIX')
  const damaged: readonly (readonly [what: string, text: () => string, RegExp])[] = [
    ['a key for a certificate', () => made.key, /^must contain a certificate, but contains: PRIVATE KEY$/],
    ['a body that is garbled', () => garble(made.ca), /^contains a certificate that cannot be used: error:/],
    [
      'a garbled one behind another',
      () => made.ca + garble(made.cert),
      /a certificate \(2 of 2\) that cannot/,
    ],
    ['a text without an end', () => made.ca.slice(0, 300), /^has no -----END CERTIFICATE-----$/],
  ]
  for (const [what, text, message] of damaged)
    it(`given ${what}, then it is refused without its content`, () =>
      assert.throws(
        () => readPem(text(), 'certificate'),
        ({ message: said }: Error) => {
          assert.match(said, message)
          assert.doesNotMatch(said, /[A-Za-z0-9+/]{30}/)
          return true
        },
      ))

  it('given a certificate for a key, or a key that is encrypted, then the reason says so', () => {
    assert.throws(() => readPem(made.cert, 'private key'), {
      message: /a private key, but contains: CERTIFICATE$/,
    })
    const key = createPrivateKey(made.key).export({
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase: 'a secret',
    })
    assert.throws(() => readPem(String(key), 'private key'), {
      message: /is encrypted, but no passphrase is set/,
    })
  })
})
