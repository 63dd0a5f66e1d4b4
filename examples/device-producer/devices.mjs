/** Simulated devices on wrists: gravity, and a movement on top of it. */

const GRAVITY = 9.81

/** One reading of each device at this time. The id follows from device and time, so that sending it twice is noticed. */
export function readings(count, model, nowMs) {
  const time = new Date(nowMs).toISOString()
  return Array.from({ length: count }, (_, n) => {
    const deviceId = `${model}-${n + 1}`
    return { id: `${deviceId}@${time}`, time, data: { deviceId, model, ...motion(nowMs, n) } }
  })
}

/** m/s², on two decimals. */
function motion(nowMs, phase) {
  const swing = Math.sin(nowMs / 700 + phase)
  const rounded = value => Math.round(value * 100) / 100
  return { x: rounded(swing), y: rounded(2 * swing), z: rounded(GRAVITY + swing / 2) }
}
