import { isAbsoluteUri, isUriReference } from '#runtime/cloudevents'
import { omitUndefined } from '#runtime/consumer'
import { createKind, decimal, list, mapKind, setting, slice, text } from '#runtime/settings'
import { metricNamed } from '../../telemetry/simulator/fleet.ts'
import type { GeneratorOverrides } from '../../telemetry/simulator/parse-settings.ts'

export interface GeneratorSource {
  /** Name of the SSM parameter with the generator's settings; absent if none is configured. */
  readonly generatorParameter?: string
  readonly generatorFile?: string
  readonly generatorDefaults: GeneratorOverrides
}

const SOURCE = createKind(
  value => (isUriReference(value) ? value : undefined),
  'a URI or a reference, such as /sensors/datacenter1',
)
const DATASCHEMA = createKind(
  value => (isAbsoluteUri(value) ? value : undefined),
  'an absolute URI, such as https://example.com/reading.json',
)

/** Settings of the generator: the location of its settings document, and defaults for keys that the document does not have. */
export const GENERATOR = slice(
  'Generator',
  {
    GENERATOR_PARAMETER: setting('telemetry.parameter', text(/^\S+$/, 'the name of a parameter'), {
      description: "The SSM parameter with the [generator's settings](#the-generators-parameter).",
      otherwise: 'its defaults',
      setBy: 'deployment',
    }),
    GENERATOR_FILE: setting('telemetry.file', text(/\S/, 'the path of a file'), {
      description:
        "A YAML or JSON file with the [generator's settings](#the-generators-parameter), instead of the parameter: for `npm start`.",
      otherwise: 'the parameter',
    }),
    GENERATOR_METRICS: setting(
      'telemetry.sensors',
      mapKind(
        list(name => /^\S+$/.test(name), 'names of metrics that can be simulated, such as temperature'),
        names => names.map(metricNamed),
      ),
      {
        description: 'The metrics of simulated readings. Only families that have one of them are simulated.',
        otherwise: 'all of the family',
      },
    ),
    GENERATOR_SAMPLE_RATE: setting('telemetry.sample_rate', decimal(0.001, 1000), {
      description: 'Readings of each simulated sensor per second, in Hz.',
      otherwise: '`tickSeconds` of the settings',
    }),
    CLOUDEVENTS_SOURCE: setting('cloudevents.source', SOURCE, {
      description: 'The `source` of simulated readings. An entity is known by its source and its id.',
      otherwise: 'that of the family',
    }),
    CLOUDEVENTS_DATASCHEMA: setting('cloudevents.dataschema', DATASCHEMA, {
      description: 'The `dataschema` of simulated readings.',
      otherwise: 'the schema of the family',
    }),
  },
  ({ GENERATOR_PARAMETER, GENERATOR_FILE, GENERATOR_SAMPLE_RATE: rate, ...others }): GeneratorSource => ({
    ...(GENERATOR_PARAMETER && { generatorParameter: GENERATOR_PARAMETER }),
    ...(GENERATOR_FILE && { generatorFile: GENERATOR_FILE }),
    generatorDefaults: omitUndefined({
      tickSeconds: rate === undefined ? undefined : Math.max(0.001, Math.round(1000 / rate) / 1000),
      metrics: others.GENERATOR_METRICS,
      source: others.CLOUDEVENTS_SOURCE,
      dataschema: others.CLOUDEVENTS_DATASCHEMA,
    }),
  }),
)
