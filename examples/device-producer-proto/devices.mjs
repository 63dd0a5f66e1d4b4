/** Simulated devices of three models: what their wearers do, and the acceleration that goes with it. */

const GRAVITY = 9.81
/** Time for which a wearer does the same. */
const ACTIVITY_MS = 60_000
/** Activities of each model, in turn, with the strength of the movement in m/s². Nobody sits or runs with an asset tag. */
const ACTIVITIES = {
  'motion-band-2': { resting: 0.05, sitting: 0.4, standing: 0.5, walking: 3, running: 9, cycling: 2 },
  nexus4: { resting: 0.03, sitting: 0.3, standing: 0.4, walking: 4, running: 8, cycling: 3 },
  'asset-tag-1': { resting: 0.02, walking: 2, cycling: 1.5 },
}
const MODELS = Object.keys(ACTIVITIES)

/**
 * One reading of each device at this time. The id follows from device and time, so that sending it twice is noticed.
 *
 * @param prefix part of the ids of devices, by which those of several producers differ
 */
export function readings(count, nowMs, prefix = '') {
  const time = new Date(nowMs).toISOString()
  return Array.from({ length: count }, (_, n) => {
    const model = MODELS[n % MODELS.length]
    const deviceId = `${model}-${prefix}${1 + Math.floor(n / MODELS.length)}`
    return { id: `${deviceId}@${time}`, time, data: { deviceId, model, ...motion(model, nowMs, n) } }
  })
}

/** The activity, and the acceleration in m/s², on two decimals. */
function motion(model, nowMs, phase) {
  const activities = Object.entries(ACTIVITIES[model])
  const [activity, strength] = activities[(Math.floor(nowMs / ACTIVITY_MS) + phase) % activities.length]
  const swing = strength * Math.sin(nowMs / 700 + phase)
  const rounded = value => Math.round(value * 100) / 100
  return { activity, x: rounded(swing), y: rounded(swing / 2), z: rounded(GRAVITY + swing / 3) }
}

/** Returns the topic of readings: TOPIC, or the one that the variables for Sluice's names give. */
export function readingsTopic({ TOPIC, KAFKA_TOPIC, TOPIC_NAMES = '', ORG, DOMAIN, SLUICE_ENV }) {
  const env = SLUICE_ENV || 'local'
  const [, named] = /(?:^|,)\s*readings=([^,\s]+)/.exec(TOPIC_NAMES) ?? []
  const parts = [ORG || 'sluice', DOMAIN || 'telemetry', 'readings', env]
  const usual = parts.filter(part => part !== 'none').join('.')
  return TOPIC || (KAFKA_TOPIC || named || usual).replace('{env}', env)
}
