/** Checks a statement that only a defect of the trigger can break. `detail` returns the numbers that break it. */
export function mustHold(isTrue: boolean, name: string, detail: () => string): void {
  if (!isTrue) throw new Error(`defect of the trigger: ${name} does not hold: ${detail()}`)
}
