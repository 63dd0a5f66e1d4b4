import { FRAMEWORKS } from './frameworks.ts'
import { tryFramework } from './try-framework.ts'

tryFramework(FRAMEWORKS['osls-3'])
