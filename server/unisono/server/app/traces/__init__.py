"""Traces of calls, for a collector of OpenTelemetry. Imported only where they are asked for."""
