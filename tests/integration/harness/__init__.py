"""What the integration tests stand on: a private network, a throwaway PKI, real OpenVPN processes and the broker."""
