import { application } from '@sluice/runtime'
import * as v from 'valibot'

/** Event type of a temperature reading. The subject of an event is its sensor. */
export const TEMPERATURE_MEASURED = 'com.example.temperature.measured'

/** Topics have the names `thermometer.<name>.<stage>` in Kafka. */
export const app = application({
  prefix: 'thermometer',
  topics: ['readings', 'alerts'],
  events: { [TEMPERATURE_MEASURED]: v.object({ celsius: v.number() }) },
})
