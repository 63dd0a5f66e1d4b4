import { join, relative, resolve } from 'node:path'
import process from 'node:process'
import { Builder } from '../../infra/bundle-builder.ts'
import { type Definition, ReloadedFunction } from './functions.ts'
import { restartLine } from './lines.ts'
import { OfflineFunctions } from './offline-functions.ts'
import { Reloader } from './reloader.ts'
import { tryOut } from './try-out.ts'
import { Versions } from './versions.ts'
import { Watcher } from './watcher.ts'

/** The folder of the versions, within the folder of the bundles. */
const VERSIONS = 'versions'

/** Files that are read only when `serverless offline` starts. */
const READ_AT_START = [
  'serverless.yml',
  'package.json',
  'package-lock.json',
  'esbuild.plugins.cjs',
  'infra',
  'localstack/msk-trigger',
  'notifications/receivers.yaml',
  'failures/policy.yaml',
]

/** The prefix of this plugin's lines in the functions' log. */
const PREFIX = 'watch  '

/** The part of the Serverless Framework that this plugin uses. */
interface Serverless {
  readonly serviceDir: string
  readonly service: {
    readonly custom: { readonly esbuild: Settings }
    readonly provider: { readonly region: string; readonly environment?: Readonly<Record<string, string>> }
    getAllFunctions(): string[]
    getFunction(key: string): Definition
  }
  readonly pluginManager: { getPlugins(): object[] }
}

interface Settings extends Readonly<Record<string, unknown>> {
  readonly outputWorkFolder: string
  watch: { readonly pattern: readonly string[]; readonly ignore?: readonly string[] }
}

/** The trigger, which runs the functions that read Kafka. */
interface Trigger {
  replaceInstances(functionKeys: Iterable<string>): Promise<void>
}

/**
 * Reloads code and alert rules while `serverless offline` runs. It precedes serverless-esbuild in serverless.yml and
 * replaces its watching, because serverless-esbuild writes into the bundles in use and ends threads in the middle of an
 * invocation.
 *
 * SLUICE_WATCH=off disables it.
 */
export default class ReloadPlugin {
  readonly hooks: Readonly<Record<string, () => unknown>>
  readonly #serverless: Serverless
  readonly #patterns: readonly string[]
  readonly #log: { notice(line: string): void }
  readonly #beganMs = Date.now()
  readonly #offline: OfflineFunctions

  constructor(serverless: Serverless, _: unknown, { log }: { log: { notice(line: string): void } }) {
    this.#serverless = serverless
    this.#log = log
    this.#offline = new OfflineFunctions(key => serverless.service.getFunction(key))
    const { esbuild } = serverless.service.custom
    this.#patterns = esbuild.watch.pattern
    // serverless-esbuild would also watch every file that is packaged with a function, whatever the pattern.
    esbuild.watch = { pattern: [], ignore: ['**/*'] }
    const start = () => this.#start()
    this.hooks = { 'before:offline:start': start, 'before:offline:start:init': start }
  }

  async #start(): Promise<void> {
    if (process.env.SLUICE_WATCH === 'off') return
    const { serviceDir, service } = this.#serverless
    const functions = service
      .getAllFunctions()
      .map(key => new ReloadedFunction(key, service.getFunction(key)))
    const { outputWorkFolder } = service.custom.esbuild
    // The name that serverless-esbuild gives the folder within its work folder.
    const location = resolve(serviceDir, outputWorkFolder, '.build')
    const versions = new Versions(join(location, VERSIONS))
    await versions.clear()
    const builder = new Builder({
      projectDir: serviceDir,
      settings: service.custom.esbuild,
      serverless: this.#serverless,
    })
    this.#offline.attach()
    const reloader = new Reloader({
      functions,
      projectDir: serviceDir,
      location,
      versionsPath: VERSIONS,
      versions,
      provided: { AWS_REGION: service.provider.region, ...service.provider.environment },
      build: entry => builder.build(entry),
      tryOut,
      replace: async keys => {
        this.#offline.replace(keys)
        await this.#trigger?.replaceInstances(keys)
      },
      say: line => this.#say(line),
    })
    await reloader.keepRules()
    this.#watch(reloader)
  }

  #watch(reloader: Reloader): void {
    const { serviceDir } = this.#serverless
    const rulesDirs = reloader.rulesDirs.map(folder => ({ folder, path: relative(serviceDir, folder) }))
    const isIn = (path: string, folder: string) => path === folder || path.startsWith(`${folder}/`)
    new Watcher({
      projectDir: serviceDir,
      patterns: [...this.#patterns, ...rulesDirs.map(({ path }) => path), ...READ_AT_START],
      sinceMs: this.#beganMs,
      onSave: async paths => {
        const atStart = paths.filter(path => READ_AT_START.some(folder => isIn(path, folder)))
        if (atStart.length > 0) this.#say(restartLine(atStart))
        const inRules = (path: string) => rulesDirs.some(rules => isIn(path, rules.path))
        const code = paths.filter(path => !atStart.includes(path) && !inRules(path))
        await this.#guarded(async () => {
          if (code.length > 0) await reloader.codeSaved(code)
          for (const { folder, path } of rulesDirs) {
            const rules = paths.filter(one => isIn(one, path) && /\.ya?ml$/.test(one))
            if (rules.length > 0)
              for (const key of await reloader.rulesSaved(folder, rules)) await this.#run(key)
          }
        })
      },
    })
  }

  /** Runs a scheduled function now, because its next run may be a minute away. */
  async #run(key: string): Promise<void> {
    try {
      await this.#offline.invoke(key)
    } catch (error) {
      this.#say(`✗ ${key} did not run: ${(error as Error).message}; its schedule runs it again`)
    }
  }

  /** An error in the reload itself must end neither the functions nor the watching. */
  async #guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.#say(`✗ nothing was reloaded: ${(error as Error).stack ?? error}`)
    }
  }

  #say(text: string): void {
    for (const line of text.split('\n')) this.#log.notice(`${PREFIX}${line}`)
  }

  get #trigger(): Trigger | undefined {
    const plugins = this.#serverless.pluginManager.getPlugins()
    return plugins.find(plugin => 'replaceInstances' in plugin) as Trigger | undefined
  }
}
