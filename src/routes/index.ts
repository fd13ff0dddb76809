import type { Route } from './route.ts'
import { serviceRoute } from './service.ts'

export type RouteKind = 'service'

export const routes: Readonly<Record<RouteKind, Route>> = { service: serviceRoute }
