/**
 * Serverless Framework plugin that adds alarms and a dashboard to the template. It must be listed after the plugins that expand
 * functions and validate settings, because it reads their results.
 */
import { resolve } from 'node:path'
import { readFunctions } from '../lib/app/functions.ts'
import type { Deployed } from './alarms/alarm.ts'
import { costOf } from './alarms/cost.ts'
import { dashboardResource } from './alarms/dashboard.ts'
import { makeAlarmsLast } from './alarms/made-last.ts'
import { alarmNotices } from './alarms/place.ts'
import { alarmResources, alarmsOf, causesOf } from './alarms/resources.ts'
import { isDeployed, type Surroundings } from './expand-functions.ts'
import type { Template } from './topics-resource.ts'

interface Resources {
  readonly Resources?: Readonly<Record<string, object>>
}

/** Parts of the Serverless Framework that this plugin uses. */
interface Framework {
  readonly serviceDir: string
  readonly processedInput: { readonly commands: readonly string[] }
  /** Configuration shown by `serverless print`. */
  readonly configurationInput: { resources?: Resources }
  readonly service: {
    readonly custom: { readonly deployment: Surroundings & Partial<Pick<Deployed, 'alarms'>> }
    readonly provider: { readonly compiledCloudFormationTemplate: Template }
    resources?: Resources
  }
  getProvider(name: 'aws'): { getStage(): string; getRegion(): string }
}

interface Log {
  notice(line: string): void
}

const TELLS = new Set(['package', 'deploy'])

export default class AlarmsPlugin {
  readonly hooks: Readonly<Record<string, () => void>>
  readonly #framework: Framework
  readonly #log: Log

  constructor(framework: Framework, _: unknown, { log }: { readonly log: Log }) {
    this.#framework = framework
    this.#log = log
    this.hooks = {
      initialize: () => this.#add(),
      // At this point, the template contains the triggers and the alarms.
      'after:aws:package:finalize:mergeCustomProviderResources': () =>
        void makeAlarmsLast(framework.service.provider.compiledCloudFormationTemplate),
    }
  }

  #add(): void {
    const { service, serviceDir, configurationInput, processedInput } = this.#framework
    const { alarms, ...surroundings } = service.custom.deployment
    // The local stage has no alarms and no dashboard.
    if (alarms === undefined) return
    const provider = this.#framework.getProvider('aws')
    const functions = readFunctions(resolve(serviceDir, 'serverless.yml'))
    const deployed: Deployed = {
      ...surroundings,
      stage: provider.getStage(),
      functions: functions.filter(one => isDeployed(one, surroundings)),
      alarms,
    }
    service.resources = {
      ...service.resources,
      Resources: {
        ...service.resources?.Resources,
        ...alarmResources(deployed),
        Dashboard: dashboardResource(deployed, provider.getRegion()),
      },
    }
    configurationInput.resources = service.resources
    if (TELLS.has(processedInput.commands.join(' '))) this.#tell(deployed)
  }

  #tell(deployed: Deployed): void {
    const found = alarmsOf(deployed)
    if (found.length === 0) return
    const causes = causesOf(deployed)
    const { alarms, dollars } = costOf(found, causes.length)
    this.#log.notice(
      `${alarms} alarms and ${causes.length} composite alarms, about ${dollars.toFixed(0)} dollars a month. See docs/runbook.md`,
    )
    for (const line of alarmNotices(deployed.alarms)) this.#log.notice(line)
  }
}
