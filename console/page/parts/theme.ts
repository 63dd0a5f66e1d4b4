/** Whether the system asks for dark colours: for what is drawn by script. */
import { useEffect, useState } from 'preact/hooks'

const DARK = '(prefers-color-scheme: dark)'

export function useIsDark(): boolean {
  const [isDark, setDark] = useState(() => matchMedia(DARK).matches)
  useEffect(() => {
    const query = matchMedia(DARK)
    const look = () => setDark(query.matches)
    query.addEventListener('change', look)
    return () => query.removeEventListener('change', look)
  }, [])
  return isDark
}
