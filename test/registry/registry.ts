/** An npm registry on this machine, to which the packages of this repository are published as they are to the public one. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Program } from '@sluice/test-kit/program'
import { LOOPBACK } from '#local-servers/ports'
import { npmBuild, npmSetting } from '../support/npm.ts'
import { PUBLISHED } from '../support/packages.ts'

export interface RegistryOptions {
  /** Folder for everything that the registry stores. */
  readonly folder: string
  readonly port: number
  readonly signal?: AbortSignal
}

/** Has the published packages of this repository. All others come from the registry that npm is configured with. */
export class Registry {
  readonly url: string
  readonly #folder: string
  readonly #server: Program

  private constructor(url: string, folder: string, server: Program) {
    this.url = url
    this.#folder = folder
    this.#server = server
  }

  /** Starts a registry without packages. */
  static async start({ folder, port, signal }: RegistryOptions): Promise<Registry> {
    mkdirSync(folder, { recursive: true })
    const [url, certificates] = await Promise.all([npmSetting('registry'), npmSetting('cafile')])
    const own = { access: '$all', publish: '$all' }
    // JSON is YAML.
    const config = JSON.stringify({
      storage: join(folder, 'storage'),
      auth: { htpasswd: { file: join(folder, 'htpasswd') } },
      uplinks: { configured: { url, cache: false } },
      packages: {
        ...Object.fromEntries(PUBLISHED.map(name => [name, own])),
        '**': { access: '$all', proxy: 'configured' },
      },
      web: { enable: false },
      log: { type: 'stdout', format: 'pretty', level: 'warn' },
    })
    writeFileSync(join(folder, 'config.yaml'), config)
    const address = `http://${LOOPBACK}:${port}`
    const server = new Program('verdaccio', ['--config', 'config.yaml', '--listen', address], {
      cwd: folder,
      env: certificates === undefined ? {} : { NODE_EXTRA_CA_CERTS: certificates },
      ...(signal && { signal }),
    })
    await server.says(/http address/)
    return new Registry(address, folder, server)
  }

  /** Publishes all packages with the command of a release, and returns what npm prints. */
  async publish(): Promise<string> {
    // npm publishes nothing without a token. The registry accepts any.
    const user = join(this.#folder, 'publisher.npmrc')
    writeFileSync(user, `//${new URL(this.url).host}/:_authToken=anybody\n`)
    const place = ['--registry', this.url, '--userconfig', user]
    return (await npmBuild(['run', 'release', '--', ...place])).output
  }

  async stop(): Promise<void> {
    this.#server.signal('SIGTERM')
    await this.#server.ended
  }
}
