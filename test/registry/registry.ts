/** An npm registry on this machine, to which the packages of this repository are published as they are to the public one. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { withLockFile } from '#local-servers/lock-file.mjs'
import { LOOPBACK } from '#local-servers/ports.ts'
import { findScript, npmSetting, PACK_LOCK } from '../support/npm.ts'
import { PUBLISHED } from '../support/packages.ts'
import { PROJECT, Program, runProgram } from '../support/program.ts'

export interface RegistryOptions {
  /** Existing folder for everything that the registry stores. */
  readonly folder: string
  readonly port: number
  readonly signal?: AbortSignal
}

/** Has the published packages of this repository. All others come from the registry that npm is configured with. */
export class Registry {
  readonly url: string
  readonly #folder: string
  readonly #server: Program

  private constructor({ folder, port, signal }: RegistryOptions, config: string, certificates?: string) {
    this.url = `http://${LOOPBACK}:${port}`
    this.#folder = folder
    const args = ['--config', config, '--listen', this.url]
    const env = certificates === undefined ? {} : { NODE_EXTRA_CA_CERTS: certificates }
    this.#server = new Program('verdaccio', args, { cwd: folder, env, ...(signal && { signal }) })
  }

  /** Starts a registry without packages. */
  static async start(options: RegistryOptions): Promise<Registry> {
    const { folder } = options
    const [url, certificates] = await Promise.all([npmSetting('registry'), npmSetting('cafile')])
    const own = { access: '$all', publish: '$all' }
    const config = join(folder, 'config.yaml')
    // JSON is YAML.
    const settings = {
      storage: join(folder, 'storage'),
      auth: { htpasswd: { file: join(folder, 'htpasswd') } },
      uplinks: { configured: { url, cache: false } },
      packages: {
        ...Object.fromEntries(PUBLISHED.map(name => [name, own])),
        '**': { access: '$all', proxy: 'configured' },
      },
      web: { enable: false },
      log: { type: 'stdout', format: 'pretty', level: 'warn' },
    }
    writeFileSync(config, JSON.stringify(settings))
    const registry = new Registry(options, config, certificates)
    await registry.#server.says(/http address/)
    return registry
  }

  /**
   * Publishes all packages with the command of a release.
   *
   * @returns output of npm
   * @throws Error with the output if npm fails
   */
  async publish(): Promise<string> {
    // npm publishes nothing without a token. The registry accepts any.
    const user = join(this.#folder, 'publisher.npmrc')
    writeFileSync(user, `//${new URL(this.url).host}/:_authToken=anybody\n`)
    const args = ['run', 'release', '--', '--registry', this.url, '--userconfig', user]
    const { code, output } = await withLockFile(PACK_LOCK, () =>
      runProgram(findScript('npm'), args, { cwd: PROJECT }),
    )
    if (code !== 0) throw new Error(output)
    return output
  }

  async stop(): Promise<void> {
    this.#server.signal('SIGTERM')
    await this.#server.ended
  }
}
