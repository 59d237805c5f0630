"""What a program needs to speak to Unisono through the stubs in `unisono.v1`.

`connect` opens a channel that suits long streams, `bearer` makes the metadata of a call, and
`explain` reads the details that every error of the service carries.
"""

from unisono.client._channel import bearer, connect
from unisono.client._errors import Explanation, explain

__all__ = ["Explanation", "bearer", "connect", "explain"]
