/**
 * Serverless Framework plugin that adds alarms to the template. It must be listed after the plugins that expand functions and
 * validate settings, because it reads their results.
 */
import { resolve } from 'node:path'
import { readFunctions } from '../../control/environment/function-entries.ts'
import { NAMES, readSettings } from '../../lib/app/settings/index.ts'
import type { Deployed } from '../alarms/alarm.ts'
import { buildAlarmResources } from '../alarms/resources.ts'
import { isDeployed } from '../functions/expanded-fields.ts'
import { type PlaceInput, readPlace } from '../place/place.ts'
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
    readonly custom: { readonly deployment: PlaceInput }
    readonly provider: { readonly compiledCloudFormationTemplate: Template }
    resources?: Resources
  }
  getProvider(name: 'aws'): { getStage(): string }
}

const BUILDS = new Set(['package', 'deploy'])

export default class AlarmsPlugin {
  readonly hooks: Readonly<Record<string, () => void>>

  constructor(framework: Framework, _: unknown, { log }: { readonly log: { notice(line: string): void } }) {
    this.hooks = {
      initialize: () => addAlarms(framework, line => log.notice(line)),
      // At this point, the template contains the triggers and the alarms.
      'after:aws:package:finalize:mergeCustomProviderResources': () =>
        makeAlarmsLast(framework.service.provider.compiledCloudFormationTemplate),
    }
  }
}

function addAlarms(framework: Framework, say: (line: string) => void): void {
  const { service, serviceDir, configurationInput, processedInput } = framework
  const place = readPlace(service.custom.deployment)
  const { alarms } = place
  // The local stage and stages such as `dev` have no alarms.
  if (!alarms?.enabled) return
  const deployed: Deployed = {
    ...place,
    ...readSettings([NAMES]),
    stage: framework.getProvider('aws').getStage(),
    functions: readFunctions(resolve(serviceDir, 'serverless.yml')).filter(entry => isDeployed(entry, place)),
    alarms,
  }
  service.resources = {
    ...service.resources,
    Resources: { ...service.resources?.Resources, ...buildAlarmResources(deployed) },
  }
  configurationInput.resources = service.resources
  if (alarms.topicArn === undefined && BUILDS.has(processedInput.commands.join(' ')))
    say('ALARM_TOPIC_ARN is not set, so the alarms send no notifications. See docs/runbook.md.')
}

/** Resource types of event sources. */
const TRIGGERS = new Set(['AWS::Events::Rule', 'AWS::Lambda::EventSourceMapping', 'AWS::Scheduler::Schedule'])

/**
 * Makes all alarms that treat missing data as breaching depend on all triggers. Otherwise they would fire during the first
 * deployment, before any function has run.
 */
function makeAlarmsLast({ Resources }: Template): void {
  const all = Object.entries(Resources)
  const triggers = all.filter(([, { Type }]) => TRIGGERS.has(Type)).map(([id]) => id)
  for (const [, resource] of all) {
    const { TreatMissingData } = (resource.Properties ?? {}) as { readonly TreatMissingData?: string }
    if (resource.Type === 'AWS::CloudWatch::Alarm' && TreatMissingData === 'breaching')
      resource.DependsOn = [...new Set([resource.DependsOn ?? [], triggers].flat(2))]
  }
}
