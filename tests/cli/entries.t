# Static entries taken away by force; flows without entries.
@include router.part
Router(config-if)#exit
Router(config)#ip nat inside source static 10.0.0.100 198.51.100.100
Router(config)#ip nat inside source static tcp 10.0.0.6 80 198.51.100.6 8080
Router(config)#ip nat inside source static udp 10.0.0.6 53 interface eth1 53
Router(config)#ip nat inside source static 10.0.0.9 interface eth1
@packet
Router(config)#no ip nat inside source static 10.0.0.100 198.51.100.101 forced
Router(config)#do show ip nat translations total
Total number of translations: 5
# in use, and not asked about
Router(config)#no ip nat inside source static 10.0.0.100 198.51.100.100 forced
Router(config)#no ip nat inside source static tcp 10.0.0.6 80 198.51.100.6 8080 extendable forced
Router(config)#no ip nat inside source static udp 10.0.0.6 53 interface GigabitEthernet0/1 53 forced
Router(config)#no ip nat inside source static 10.0.0.9 interface eth1 forced
Router(config)#do show ip nat translations total
Total number of translations: 0
Router(config)#do show running-config | include static
# the word belongs to the removal only
Router(config)#ip nat inside source static 10.0.0.100 198.51.100.100 forced
                                                                     ^
% Invalid input detected at '^' marker.

# a half entry alone, where no gateway reads the flow
Router(config)#no ip nat service dns udp
Router(config)#no ip nat create flow-entries
Router(config)#ip nat inside source static 10.0.0.100 198.51.100.100
@packet
Router(config)#do show ip nat translations
Pro  Inside global         Inside local          Outside local         Outside global
---  198.51.100.100        10.0.0.100            ---                   ---
Total number of translations: 1
Router(config)#do show running-config | include flow-entries
no ip nat create flow-entries
Router(config)#no ip nat create flow-entries
Router(config)#ip nat create flow-entries
@packet
Router(config)#do show ip nat translations
Pro  Inside global         Inside local          Outside local         Outside global
udp  198.51.100.100:5000   10.0.0.100:5000       192.0.2.9:99          192.0.2.9:99
---  198.51.100.100        10.0.0.100            ---                   ---
Total number of translations: 2
Router(config)#do show running-config | include flow-entries
Router(config)#ip nat create
% Incomplete command.

