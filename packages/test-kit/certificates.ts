import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runTool } from './local-servers.ts'
import { HOPELESS_MS } from './until.ts'

/** Private certificate authority with a server certificate for `localhost`, but not for the IP address. */
export interface Certificates {
  /** File with the authority's certificate, which clients must trust. */
  readonly caFile: string
  readonly ca: string
  readonly cert: string
  readonly key: string
  /** Returns a client certificate for authentication. @param period first and last day, as `20260131`; by default, from now on */
  client(name: string, period?: readonly [from: string, to: string]): Promise<ClientCertificate>
  remove(): Promise<void>
}

export interface ClientCertificate {
  readonly certFile: string
  readonly keyFile: string
  readonly cert: string
  readonly key: string
}

export async function makeCertificates(): Promise<Certificates> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-tls-'))
  const file = (name: string) => join(folder, name)
  const openssl = (...args: string[]) =>
    runTool(
      { command: 'openssl', args, env: process.env },
      { task: 'Making a certificate', logFile: file('log'), signal: AbortSignal.timeout(HOPELESS_MS) },
    )
  const certificate = (name: string, ...more: string[]) => {
    const made = ['-keyout', file(`${name}.key`), '-out', file(`${name}.pem`)]
    return openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...made, ...more)
  }
  await certificate('ca', '-subj', '/CN=an authority of a test')
  const signed = ['-CA', file('ca.pem'), '-CAkey', file('ca.key')]
  const names = ['-addext', 'subjectAltName=DNS:localhost', '-addext', 'basicConstraints=CA:FALSE']
  await certificate('server', '-subj', '/CN=localhost', ...names, ...signed)
  const read = (name: string) => readFile(file(name), 'utf8')
  let clients = 0
  return {
    caFile: file('ca.pem'),
    ca: await read('ca.pem'),
    cert: await read('server.pem'),
    key: await read('server.key'),
    async client(name, period) {
      const own = `client-${++clients}`
      const [certFile, keyFile] = [file(`${own}.pem`), file(`${own}.key`)]
      await certificate(own, '-subj', `/CN=${name}`, '-addext', 'basicConstraints=CA:FALSE', ...signed)
      if (period) {
        const [from, to] = period.map(day => `${day}000000Z`) as [string, string]
        const lines = [`database=${file(`${own}.index`)}`, `new_certs_dir=${folder}`, 'rand_serial=yes']
        await writeFile(file(`${own}.index`), '')
        const config = ['[own]', ...lines, 'default_md=sha256', 'policy=any', '[any]', 'commonName=supplied']
        await writeFile(file(`${own}.cnf`), config.join('\n'))
        const options = ['-config', file(`${own}.cnf`), '-name', 'own', '-batch', '-notext']
        const authority = ['-cert', file('ca.pem'), '-keyfile', file('ca.key')]
        const dates = ['-startdate', from, '-enddate', to, '-in', file(`${own}.csr`), '-out', certFile]
        await openssl('req', '-new', '-key', keyFile, '-subj', `/CN=${name}`, '-out', file(`${own}.csr`))
        await openssl('ca', ...options, ...authority, ...dates)
      }
      return { certFile, keyFile, cert: await read(`${own}.pem`), key: await read(`${own}.key`) }
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}
