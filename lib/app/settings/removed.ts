/** Settings of earlier versions. One that is still set is refused with what to do now, in the environment and in a settings file. */
import { type GenericSchema, pipe, rawCheck, string } from 'valibot'
import { type Setting, setting, slice } from '#runtime/settings'

/** @param instead what to do now, as a clause */
function removed(instead: string, key?: string): Setting<string | undefined> {
  const schema = pipe(
    string(),
    rawCheck(({ addIssue }) => addIssue({ message: `is no longer a setting: ${instead}` })),
  ) as GenericSchema<string, string>
  const kind = { allowed: '', schema }
  const about = { description: '', setBy: 'machine' } as const
  return key === undefined ? setting(kind, about) : setting(key, kind, about)
}

const SECOND_CLUSTER =
  'an input is a topic of the same Kafka: copy topics of another one with MirrorMaker 2 or MSK Replicator'

const OWN_DESTINATION =
  'read what Lambda reports of discarded records at your own destination, see docs/failures.md#what-lambda-itself-gives-up'

const CONSOLE =
  'the console is not deployed any more: run `npx sluice console --env NAME` with your own rights, see docs/console.md#in-an-account'

const SDK =
  'an SDK of OpenTelemetry sends the spans and reads variables of its own, see docs/observability.md#spans'

/** Must not be shown, because nobody can set them. */
export const REMOVED = slice(
  'Removed settings',
  {
    SLUICE_DOCKER: removed('start Kafka with `docker compose up -d kafka`, and name it in KAFKA_BROKERS'),
    SLUICE_CONSOLE: removed(CONSOLE),
    CONSOLE_SECRET: removed(CONSOLE, 'console.secret'),
    CONSOLE_JWT_ISSUER: removed(CONSOLE),
    CONSOLE_JWT_AUDIENCE: removed(CONSOLE),
    ON_FAILURE_QUEUE_ARN: removed(OWN_DESTINATION),
    ON_FAILURE_BUCKET: removed(OWN_DESTINATION),
    INPUT_KAFKA_USERNAME: removed(SECOND_CLUSTER, 'inputs.username'),
    INPUT_KAFKA_PASSWORD: removed(SECOND_CLUSTER, 'inputs.password'),
    INPUT_KAFKA_CA_FILE: removed(SECOND_CLUSTER, 'inputs.ca_file'),
    OTEL_HEADERS_SECRET: removed(SDK, 'spans.headers_secret'),
    // The SDK reads the variables of these keys, so only the keys are refused.
    'spans.endpoint': removed(SDK, 'spans.endpoint'),
    'spans.headers': removed(SDK, 'spans.headers'),
    'spans.sampler': removed(SDK, 'spans.sampler'),
    'spans.sampler_arg': removed(SDK, 'spans.sampler_arg'),
    'spans.service_name': removed(SDK, 'spans.service_name'),
  },
  () => ({}),
)
