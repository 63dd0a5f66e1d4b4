/** Certificates and private keys in PEM form, also with the line ends that variables, secrets and consoles have made of it. Pure. */
import { createPrivateKey, X509Certificate } from 'node:crypto'

const LABELS = { certificate: /^(X509 |TRUSTED )?CERTIFICATE$/, 'private key': /PRIVATE KEY$/ } as const

/** Matches a header of an encrypted key, such as `DEK-Info: AES-256-CBC,00FF`. */
const HEADER = /\b(Proc-Type|DEK-Info): \S+/g

/**
 * Returns the certificates or the private key of a text in PEM form. Its lines may end with `\n` as two characters, and it may be one
 * line with spaces. Certificates and a key may be in one text.
 *
 * @throws Error for a text of another kind or a damaged one. The message is the end of a sentence, and contains nothing of the text.
 */
export function readPem(text: string, kind: keyof typeof LABELS, passphrase?: string): string {
  const blocks = text
    .replaceAll(/\\{1,2}[rn]/g, '\n')
    .split('-----BEGIN ')
    .flatMap(splitBlock)
  if (blocks.length === 0) throw new Error('is not in PEM form (-----BEGIN … to -----END …)')
  const own = blocks.filter(([label]) => LABELS[kind].test(label)).map(formatBlock)
  if (own.length === 0)
    throw new Error(`must contain a ${kind}, but contains: ${[...new Set(blocks.map(([label]) => label))]}`)
  for (const [index, block] of own.entries()) {
    const which = `contains a ${kind}${own.length > 1 ? ` (${index + 1} of ${own.length})` : ''}`
    if (passphrase === undefined && block.includes('ENCRYPTED'))
      throw new Error(`${which} that is encrypted, but no passphrase is set`)
    try {
      if (kind === 'certificate') new X509Certificate(block)
      else createPrivateKey(passphrase === undefined ? block : { key: block, passphrase })
    } catch (error) {
      // The message is one of OpenSSL, without parts of the text.
      throw new Error(`${which} that cannot be used: ${(error as Error).message}`)
    }
  }
  return own.join('')
}

/**
 * Returns label and content of a block whose first characters are removed; empty for a text that is not a block.
 *
 * @throws Error for a block that is cut off
 */
function splitBlock(text: string): [label: string, content: string][] {
  const label = /^([A-Z0-9 ]{1,40})-----/.exec(text)?.[1]
  const end = text.indexOf(`-----END ${label}-----`)
  if (label !== undefined && end < 0) throw new Error(`has no -----END ${label}-----`)
  return label === undefined ? [] : [[label, text.slice(label.length + 5, end)]]
}

function formatBlock([label, content]: [label: string, content: string]): string {
  const headers = (content.match(HEADER) ?? []).map(header => `${header}\n`)
  const body = content.replaceAll(HEADER, '').replaceAll(/\s/g, '')
  const lines = [headers.join(''), ...(body.match(/.{1,64}/g) ?? [])].filter(line => line !== '')
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----\n`].join('\n')
}
