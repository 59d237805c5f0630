"""Carries what one endpoint has saved over to another, such as the one of a phone that was cloned."""

from unisono.client import _arguments
from unisono.client._device.persistence import carried_over
from unisono.client._device.storage import Storage


async def carry_over(storage: Storage, endpoint_id: str) -> None:
    """Make a storage that of the endpoint with this id, and close it: a device with a new storage goes on.

    What is shown stays, and what has rung does not ring again; marks that were not sent will be, under the
    new id. The position is not carried over, for it is the old endpoint's: the device gets the whole once. A
    storage that is this endpoint's already, or new, stays as it is. To be done while no device has it open.
    Raises `StorageFailed`, and changes nothing then; `TypeError` for a wrong argument.

        except Superseded:  # another phone has a copy of our file, and with it our id
            await carry_over(FileStorage(path), new_id)
            device = Device(target, token, endpoint_id=new_id, platform=platform, storage=FileStorage(path))
    """
    _arguments.check("endpoint_id", endpoint_id, str)
    try:
        changes = carried_over(await storage.load(), endpoint_id)
        if changes:
            await storage.save(changes)
    finally:
        await storage.close()
