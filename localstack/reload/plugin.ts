import { writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import process from 'node:process'
import { readFunctions } from '../../control/environment/function-entries.ts'
import { getConsumerName } from '../../control/environment/functions.ts'
import { NEEDS_RESTART, noteSaved, type SavedFile } from '../../control/queries/saved-files.ts'
import { expandFields, isDeployed } from '../../infra/functions/expanded-fields.ts'
import { readThisMachine } from '../../infra/place/this-machine.ts'
import { FAMILY_FILES, INPUTS, NAMES, readSettings, VIEWS } from '../../lib/app/settings/index.ts'
import { INTAKE } from '../../lib/intake/input.ts'
import { provideFunctions } from './built-functions.ts'
import type { Definition } from './definition.ts'
import { OfflineFunctions } from './offline-functions.ts'
import type { Reloader } from './reloader.ts'
import { buildThread, locateThread } from './trigger-thread.ts'

/** Files that `serverless offline` or a function reads only at startup, so that changing them requires a restart. */
const READ_AT_START = [
  'serverless.yml',
  'config/failures',
  'package.json',
  'package-lock.json',
  'infra',
  'packages/msk-trigger',
]

/** Row of a table that assigns an action to saved files. A file belongs to the first matching row. */
interface SavedFiles {
  readonly kind: SavedFile['kind']
  /** Returns true if the row applies to a file. @param path path relative to the project */
  has(path: string): boolean
  /** Resolves to the reason why the files are not in force; empty if they are. */
  act(paths: readonly string[]): Promise<string>
  /** True if refused files, and all others except those read at start, wait for the next save. */
  readonly isFirst: boolean
}

/** Prefix of this plugin's lines in the functions' log. */
const PREFIX = 'watch  '

/** Parts of the Serverless Framework that this plugin uses. */
interface Serverless {
  readonly serviceDir: string
  readonly service: {
    readonly custom: {
      readonly esbuild: Settings
      readonly 'serverless-offline': { location: string }
    }
    getAllFunctions(): string[]
    getFunction(key: string): Definition
  }
  readonly pluginManager: { getPlugins(): object[] }
  readonly classes: { readonly Error: new (message: string, code: string) => Error }
}

interface Settings extends Readonly<Record<string, unknown>> {
  readonly watch: { readonly pattern: readonly string[] }
}

/** Trigger plugin that runs the Kafka consumers. */
interface Trigger {
  threadModule: URL | undefined
  replaceInstances(functionKeys: Iterable<string>): Promise<void>
  updateEvents(): Promise<void>
}

/**
 * Builds the functions for `serverless offline`, all in one build, and reloads their code and the files that they read while it is
 * running.
 *
 * SLUICE_WATCH=off disables reloading. With SLUICE_BUNDLES, the functions were built before, and neither is done.
 */
export default class ReloadPlugin {
  readonly hooks: Readonly<Record<string, () => unknown>>
  readonly #serverless: Serverless
  readonly #log: { notice(line: string): void }
  readonly #beganMs = Date.now()
  readonly #offline: OfflineFunctions
  #waiting: readonly string[] = []
  #notInForce: readonly SavedFile[] = []

  constructor(serverless: Serverless, _: unknown, { log }: { log: { notice(line: string): void } }) {
    this.#serverless = serverless
    this.#log = log
    this.#offline = new OfflineFunctions(key => serverless.service.getFunction(key))
    const start = () => this.#start()
    this.hooks = { 'before:offline:start': start, 'before:offline:start:init': start }
  }

  async #start(): Promise<void> {
    const { serviceDir, service } = this.#serverless
    const { esbuild, 'serverless-offline': offline } = service.custom
    const { SLUICE_BUNDLES: built } = process.env
    this.#say(`times that name no zone are read in ${readSettings([INPUTS]).timeZone} (TIME_ZONE)`)
    if (built) {
      offline.location = await this.#refuseBadBuild(() =>
        provideFunctions(resolve(serviceDir, built), line => this.#say(line)),
      )
      if (this.#trigger) this.#trigger.threadModule = locateThread(offline.location)
      return
    }
    // An image loads neither the compiler nor the watcher.
    const { Builder, runBuilds } = await import('../../infra/packaging/bundle-builder.ts')
    const { Reloader } = await import('./reloader.ts')
    const location = resolve(serviceDir, offline.location)
    const builder = new Builder({ projectDir: serviceDir, settings: esbuild })
    const reloader = new Reloader({
      functions: new Map(service.getAllFunctions().map(key => [key, service.getFunction(key)])),
      projectDir: serviceDir,
      location,
      build: entries => runBuilds(() => builder.bundleTogether(entries)),
      replace: async keys => {
        this.#offline.replace(keys)
        await this.#trigger?.replaceInstances(keys)
      },
      expandInputs: () => this.#expandInputs(),
      updateEvents: async () => this.#trigger?.updateEvents(),
      run: key => this.#run(key),
      say: line => this.#say(line),
    })
    await this.#refuseBadBuild(() => reloader.start())
    if (this.#trigger) this.#trigger.threadModule = await buildThread(location)
    if (process.env.SLUICE_WATCH === 'off') return
    this.#offline.attach()
    await reloader.copyFiles()
    await this.#watch(reloader)
  }

  /** Returns the events of the functions with the consumer `intake`, with the current inputs. */
  #expandInputs(): ReadonlyMap<string, readonly object[]> {
    const { serviceDir } = this.#serverless
    const place = { ...readThisMachine(process.env, serviceDir), ...readSettings([NAMES]) }
    const all = readFunctions(join(serviceDir, 'serverless.yml'))
    const declared = all.filter(entry => isDeployed(entry, place))
    return new Map(
      all
        .filter(entry => getConsumerName(entry) === INTAKE)
        .map(entry => [
          entry.name,
          declared.includes(entry) ? expandFields(entry, declared, place).events : [],
        ]),
    )
  }

  async #refuseBadBuild<Result>(build: () => Promise<Result>): Promise<Result> {
    try {
      return await build()
    } catch (error) {
      const { BuildError } = await import('../../infra/packaging/bundle-builder.ts')
      if (!(error instanceof BuildError)) throw error
      // The Serverless Framework shows its own errors as messages, and all other errors as crashes.
      throw new this.#serverless.classes.Error(error.message, 'SLUICE_BUILD')
    }
  }

  async #watch(reloader: Reloader): Promise<void> {
    const { Watcher } = await import('./watcher.ts')
    const { serviceDir, service } = this.#serverless
    // The start has read all files.
    this.#note('project', [], '')
    const rules = reloader.rulesDirs.map(folder => ({ folder, path: relative(serviceDir, folder) }))
    const rulesPaths = rules.map(({ path }) => path)
    const families = relative(serviceDir, resolve(serviceDir, readSettings([FAMILY_FILES]).familiesDir))
    const views = relative(serviceDir, resolve(serviceDir, readSettings([VIEWS]).viewsDir))
    const notifications = [reloader.notificationsDir ?? []].flat().map(folder => relative(serviceDir, folder))
    const inputs = Object.values(reloader.inputs ?? {}).flatMap(path => [
      relative(serviceDir, path),
      // Schemas are in a folder beside the list of inputs.
      relative(serviceDir, path.replace(/\.ya?ml$/, '')),
    ])
    const row = (kind: SavedFile['kind'], folders: readonly string[], act: SavedFiles['act']) => ({
      ...{ kind, act, isFirst: kind === 'family' || kind === 'input' },
      has: (path: string) => isInside(path, folders),
    })
    const rows: SavedFiles[] = [
      row('project', READ_AT_START, async paths => {
        this.#say(`restart to use the change: ${paths.join(', ')}`)
        return NEEDS_RESTART
      }),
      row('family', [families], paths => reloader.reloadFamilies(paths)),
      row('input', inputs, paths => reloader.reloadInputs(paths)),
      row('receiver', notifications, paths => reloader.reloadNotifications(paths)),
      row('table', [views], async paths => this.#reportStatements(paths)),
      // Reload code before rules, because new rules may require new code. Families are a part of the code.
      {
        ...row('code', [], paths => reloader.reloadCode(paths)),
        has: path => !isInside(path, rulesPaths),
      },
      ...rules.map(({ folder, path }) =>
        row('rule', [path], paths => this.#reloadRules(reloader, folder, paths)),
      ),
    ]
    new Watcher({
      projectDir: serviceDir,
      patterns: [
        ...service.custom.esbuild.watch.pattern,
        families,
        ...inputs,
        views,
        ...notifications,
        ...rulesPaths,
        ...READ_AT_START,
      ],
      sinceMs: this.#beganMs,
      onFailure: message => this.#say(message),
      onSave: paths =>
        this.#runGuarded(async () => {
          const all = [...new Set([...this.#waiting, ...paths])]
          this.#waiting = []
          const byRow = Map.groupBy(all, path => rows.find(row => row.has(path)))
          for (const [row, saved] of byRow) if (row) this.#note(row.kind, saved, 'it is being reloaded')
          let blocking = ''
          for (const row of rows) {
            const saved = byRow.get(row)
            if (!saved) continue
            const reason = blocking || (await row.act(saved))
            this.#note(row.kind, saved, reason)
            if (row.isFirst) blocking = reason
          }
          if (blocking !== '') this.#waiting = all.filter(path => !isInside(path, READ_AT_START))
        }),
    })
  }

  /** Lists saved files that are not in force. @param reason empty if they are in force */
  #note(kind: SavedFile['kind'], paths: readonly string[], reason: string): void {
    this.#notInForce = noteSaved(this.#notInForce, kind, paths, reason, Date.now())
    const { SLUICE_SAVED_FILES: file } = process.env
    if (file) writeFileSync(file, JSON.stringify(this.#notInForce))
  }

  async #reloadRules(reloader: Reloader, folder: string, paths: readonly string[]): Promise<string> {
    const rules = paths.filter(path => /\.ya?ml$/.test(path))
    return rules.length === 0 ? '' : reloader.reloadRules(folder, rules)
  }

  /** Reports saved statements to `npm start`, which applies the folder, because no function has a parser. */
  #reportStatements(paths: readonly string[]): string {
    const statements = paths.filter(path => path.endsWith('.sql'))
    if (statements.length > 0) this.#say(`saved ${statements.join(', ')}`)
    return ''
  }

  /** Runs a scheduled function immediately, because its next scheduled run may be a minute away. */
  async #run(key: string): Promise<void> {
    try {
      await this.#offline.invoke(key)
    } catch (error) {
      this.#say(`✗ ${key} did not run: ${(error as Error).message}. Its schedule will run it again`)
    }
  }

  /** Catches and reports errors of the reload itself, so that the functions and the watcher continue. */
  async #runGuarded(work: () => Promise<void>): Promise<void> {
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

function isInside(path: string, folders: readonly string[]): boolean {
  return folders.some(folder => path === folder || path.startsWith(`${folder}/`))
}
