import { app, TEMPERATURE_MEASURED } from './application.ts'

/** Highest normal temperature, in °C. */
const LIMIT = 80

/** State of a sensor. */
interface Sensor {
  readonly isHot: boolean
}

/** Emits an alert when a sensor becomes too hot, and another event when it has cooled down. */
export const overheating = app.process<Sensor>('overheating', {
  on: {
    [TEMPERATURE_MEASURED]({ isHot: wasHot } = { isHot: false }, { data: { celsius } }, { emit, reason }) {
      const isHot = celsius > LIMIT
      if (isHot && !wasHot) emit('alerts', 'fired', { celsius, limit: LIMIT })
      if (!isHot && wasHot) emit('alerts', 'resolved', { celsius, limit: LIMIT })
      reason(isHot ? 'too-hot' : 'normal')
      return { isHot }
    },
  },
})
