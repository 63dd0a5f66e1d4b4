/** A rehearsal under way. Its steps are in `steps.ts`; each leaves here what later ones need. */

import type { Report } from '#local-servers/report'
import { SLICES } from '../../control/environment/config.ts'
import { ClusterView, type Reads } from './cluster-view.ts'
import type { DeployedFunction, Template } from './deployment/deployed-template.ts'
import { EmulatorInvoker } from './deployment/invoker.ts'
import type { Polling } from './deployment/polling.ts'
import { PREFIX, ProjectCopy, STAGE } from './deployment/project.ts'
import { type Inventory, readInventory } from './emulator/inventory.ts'
import { Emulator } from './emulator/requests.ts'
import { createLongLived, type LongLived } from './long-lived.ts'
import { notificationFiles, Receivers } from './receivers.ts'
import { type Servers, startServers } from './servers.ts'

/** Result of the first deployment. */
interface Deployed {
  readonly template: Template
  /** Functions by their names in serverless.yml. */
  readonly functions: Readonly<Record<string, DeployedFunction>>
}

interface Parts {
  readonly servers: Servers
  readonly emulator: Emulator
  readonly longLived: LongLived
  readonly receivers: Receivers
  readonly view: ClusterView
  readonly project: ProjectCopy
  readonly before: Inventory
}

export class Rehearsal {
  readonly emulator: Emulator
  readonly longLived: LongLived
  readonly receivers: Receivers
  readonly view: ClusterView
  readonly project: ProjectCopy
  /** Inventory before the deployment. */
  readonly before: Inventory
  readonly invoker: EmulatorInvoker
  readonly brokers: readonly string[]
  readonly redisUrl: string
  readonly #servers: Servers
  #deployed: Deployed | undefined
  polling: Polling | undefined

  private constructor({ servers, emulator, longLived, receivers, view, project, before }: Parts) {
    this.#servers = servers
    this.brokers = servers.brokers
    this.redisUrl = servers.redisUrl
    this.emulator = emulator
    this.longLived = longLived
    this.receivers = receivers
    this.view = view
    this.project = project
    this.before = before
    this.invoker = new EmulatorInvoker(servers.awsEndpoint, PREFIX)
  }

  /** Starts the servers and copies the project. If that fails, nothing is left. */
  static async begin(report: Report, signal: AbortSignal): Promise<Rehearsal> {
    const servers = await startServers(report, signal)
    const ends: End[] = [() => servers.stop()]
    try {
      const emulator = new Emulator(servers.awsEndpoint)
      const longLived = await createLongLived(emulator, servers)
      const receivers = await Receivers.subscribe(emulator, STAGE)
      ends.push(() => receivers.close())
      const view = await ClusterView.connect(STAGE, servers.brokers, servers.redisUrl)
      ends.push(() => view.close())
      // One tick in each run: who invokes the clock waits for its end.
      const variables = { ...withoutSettings(), ...longLived.variables, CLOCK_SECONDS: '60' }
      const project = await ProjectCopy.create(variables, signal)
      ends.push(() => project.delete())
      for (const [file, text] of Object.entries(notificationFiles())) await project.write(file, text)
      const before = await readInventory(emulator)
      return new Rehearsal({ servers, emulator, longLived, receivers, view, project, before })
    } catch (error) {
      // The first error is thrown.
      await endAll(ends.reverse()).catch(() => {})
      throw error
    }
  }

  /** @throws Error before the first deployment */
  get deployed(): Deployed {
    if (this.#deployed) return this.#deployed
    throw new Error('nothing is deployed: see the first step')
  }

  set deployed(deployed: Deployed) {
    this.#deployed = deployed
  }

  /** The mappings that are polled. @throws Error before that */
  get mappings(): readonly Reads[] {
    if (this.polling) return this.polling.mappings
    throw new Error('nothing is polled: see the step before')
  }

  /** Ends whatever runs, and removes what it has made. */
  async end(): Promise<void> {
    await endAll([
      () => this.polling?.stop(),
      () => this.receivers.close(),
      () => this.view.close(),
      () => this.#servers.stop(),
      () => this.project.delete(),
    ])
  }
}

type End = () => void | Promise<void>

/** Ends one after another, also where one of them fails. @throws what the first of those threw */
async function endAll(ends: readonly End[]): Promise<void> {
  const errors: unknown[] = []
  for (const end of ends)
    try {
      await end()
    } catch (error) {
      errors.push(error)
    }
  if (errors.length > 0) throw errors[0]
}

/** Returns an environment without settings, so that those of a person do not influence the rehearsal. */
function withoutSettings(): Record<string, undefined> {
  const settings = SLICES.flatMap(({ settings }) => Object.keys(settings))
  const ofAws = Object.keys(process.env).filter(name => /^(AWS|SLUICE)_/.test(name))
  return Object.fromEntries([...settings, ...ofAws].map(name => [name, undefined]))
}
